"""Step 7: banks and branches, consent, push, progress reports."""
