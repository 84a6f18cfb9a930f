"""What a person may ask for of their own: to take it along, and to have it erased."""
