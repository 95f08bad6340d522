"""What every part's configuration is made of: strict shapes, values, problems with suggestions."""
