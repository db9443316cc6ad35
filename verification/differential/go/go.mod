module selvage.dev/verification/differential

go 1.26
