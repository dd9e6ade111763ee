"""The rules of the service, in plain Python."""
