"""Step 3: names. Parts, rules, comparison, the register of names, reservation."""
