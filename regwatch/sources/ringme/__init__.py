"""The cloud PBX: its wire format, tokens and errors, and one client. Decides nothing of losses."""
