"""From the configuration to the values of the parts: one module per part, decisions nowhere."""
