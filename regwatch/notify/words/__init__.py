"""What a message says, in any service's markup; nothing here sends."""
