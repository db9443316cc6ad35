module selvage.dev/verification/differential

go 1.26

// For the groups in xsync.go only, which are built with the tag xsync where this can be had.
require golang.org/x/sync v0.16.0
