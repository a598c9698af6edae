"""Where files lie: a folder or another machine. What is there, claiming it, unpacking it, putting it away."""
