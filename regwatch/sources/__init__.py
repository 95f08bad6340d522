"""Where answers come from: the contract, and one folder per kind of source; none knows another."""
