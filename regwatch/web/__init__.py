"""What is served over HTTP, and to whom: metrics, the JSON API, pages. Decides nothing itself."""
