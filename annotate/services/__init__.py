"""What people may do to rounds and labels, one noun a file: rounds, queue, labels."""
