"""Everything of the hotline that is ours and not Rasa's."""

from hotline import lean

# Here and nowhere else, because it must come before the first import of Rasa.
lean.install()
