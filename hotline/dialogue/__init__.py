"""Rasa's dialogue as the hotline runs it: the same decisions, at a cost that does not grow with the talk."""
