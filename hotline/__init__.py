"""Everything of the hotline that is ours and not Rasa's."""
