"""SMS and mail: every message is a row first, then delivered once by the worker."""
