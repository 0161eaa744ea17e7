// The parts of KServe's resources that deploy/kserve uses, by https://kserve.github.io/website: no package has their types.
import type { IPod, IPodSpec } from "kubernetes-models/v1";

type Protocol = "v1" | "v2" | "grpc-v1" | "grpc-v2";

export interface IServingRuntime {
  apiVersion: "serving.kserve.io/v1alpha1";
  kind: "ServingRuntime";
  metadata: IPod["metadata"];
  spec: IPodSpec & {
    annotations?: Record<string, string>;
    supportedModelFormats: { name: string; version?: string; autoSelect?: boolean; priority?: number }[];
    protocolVersions?: Protocol[];
  };
}

export interface IInferenceService {
  apiVersion: "serving.kserve.io/v1beta1";
  kind: "InferenceService";
  metadata: IPod["metadata"];
  spec: {
    predictor: {
      minReplicas?: number;
      maxReplicas?: number;
      model: { modelFormat: { name: string; version?: string }; runtime?: string; protocolVersion?: Protocol; storageUri?: string };
    };
  };
}
