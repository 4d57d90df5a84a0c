export { Client } from "./client.js";
export { TorusnnError } from "./instance.js";
export { KeyStore } from "./keystore.js";
export { createWorkerClient } from "./remote.js";
