import * as grpc from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Props } from "./aws/table";

/** A resource that is there and does not work: the engine keeps it in its state, and destroys it like any other. */
export class HalfMade extends Error {
  constructor(
    readonly id: string,
    readonly outs: Props,
    message: string,
    /** As a refresh found them. */
    readonly inputs?: Props,
  ) {
    super(message);
  }
}

/** The error as gRPC carries it: what was made goes in a trailer that Go's library reads. */
export function halfMadeStatus({ id, message }: HalfMade, outs: Struct, inputs?: Struct): Partial<grpc.StatusObject> {
  const detail = new ErrorResourceInitFailed().setId(id).setProperties(outs).setReasonsList([message]);
  if (inputs) detail.setInputs(inputs);
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(message);
  status.addDetails(packed);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}
