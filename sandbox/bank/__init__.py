"""The core systems of several banks: they take events, fetch files, report back, open accounts."""
