// grows
