"""The telephone: call events in, actions out (docs/ivr-protocol.md)."""
