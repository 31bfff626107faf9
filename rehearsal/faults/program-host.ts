import * as grpc from "@grpc/grpc-js";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import program from "../../stacks/main";

/*
 * The program in a process of its own, as it is for every user: it prints the port at which the engine finds it.
 */

// The SDK's own, which it declares no type for.
const { LanguageServer } = require("@pulumi/pulumi/automation/server") as {
  LanguageServer: new (program: PulumiFn) => grpc.UntypedServiceImplementation;
};
const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
server.addService(LanguageRuntimeService, new LanguageServer(program));
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`port ${port}`);
});
// Whoever started it is gone: nobody else knows of it.
process.stdin.on("end", () => process.exit(0)).resume();
