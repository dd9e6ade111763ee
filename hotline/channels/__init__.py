"""The ways in and out: web, IVR, terminal."""
