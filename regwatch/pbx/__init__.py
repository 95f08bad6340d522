"""The cloud PBX: its wire format, its tokens, its errors, one client. Decides nothing about losses."""
