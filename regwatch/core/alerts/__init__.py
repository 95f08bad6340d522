"""What is wrong and whether that is news: conditions, incidents, their rules, what mutes them."""
