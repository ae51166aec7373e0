"""Theme ordering: in which order the parts of an input are read, or those of an output are written."""
