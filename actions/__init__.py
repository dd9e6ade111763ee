"""The Rasa actions and form validators, a module a topic: slots in, one service call, words by name, events out."""
