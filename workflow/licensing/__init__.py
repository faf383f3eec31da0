"""Step 6: the credit code, the licence, the register entry."""
