"""Platform events become requests to the group."""
