"""The intranet's work: queue, claims, decisions, notices of correction."""
