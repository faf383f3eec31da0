"""What every door shares: the page's frame, words, forms, errors and headers."""
