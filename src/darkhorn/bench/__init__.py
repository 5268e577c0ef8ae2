"""How fast it is: the measurements behind ``darkhorn bench``, each a function that returns plain numbers."""
