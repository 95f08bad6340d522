"""What answers show of phones: changes, who is the same device, habits, memory."""
