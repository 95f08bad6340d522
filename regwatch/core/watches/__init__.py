"""What explains many, or lasts: places, the registrar, the API, receivers."""
