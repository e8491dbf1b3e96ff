"""The steps of revision 0009, which makes what catalogue and checkout need."""
