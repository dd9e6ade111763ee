"""Understanding: our Rasa graph components."""
