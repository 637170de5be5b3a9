{
  "openapi": "3.1.1",
  "info": {
    "title": "$name",
    "version": "1.0.0"
  },
  "paths": {},
  "components": {
    "securitySchemes": {
      "bearer": {
        "type": "http",
        "scheme": "bearer"
      }
    }
  },
  "security": [
    {
      "bearer": []
    }
  ]
}
