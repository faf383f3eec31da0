"""After the decision: acceptance seals, archive stamps and their renewal, and what still waits for an outside party."""
