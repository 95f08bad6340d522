"""What a person looks at in a browser, made on the server."""
