"""A payment gateway that moves no money, with test cards that behave as their tokens say."""
