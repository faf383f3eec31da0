"""Step 4: the application for establishment, its rules, its authority, its scope and its papers."""
