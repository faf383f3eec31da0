"""Steps 1 and 2: real-name check, accounts, sign-in, sessions; and the people of the other doors."""
