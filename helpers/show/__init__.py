"""What the eye sees: figures and widgets over live topics. They draw; the lessons do the asking."""
