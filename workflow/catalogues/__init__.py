"""Facts with their source and date: divisions, registration authorities, industries, scope entries, banks."""
