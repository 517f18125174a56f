"""The expression language of ODK XForms: text to tokens, to a tree, to closures."""
