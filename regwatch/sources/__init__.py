"""Where answers come from: the contract, and one folder per kind of PBX; none knows another."""
