"""What every part of the domain uses: errors, money, text, state machines."""
