// Empty: its presence lets heldup_linux.go declare functions without a body.
