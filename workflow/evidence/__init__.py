"""What proves a case: its events anchored day by day, and the package that its parties take away."""
