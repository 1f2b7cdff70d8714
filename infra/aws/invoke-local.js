// `osls invoke local` runs a function as `trilog` runs: in the virtual environment, and the shell's variables win.
"use strict";

const { existsSync } = require("fs");
const { dirname, join, resolve } = require("path");

module.exports = class InvokeLocal {
  constructor(serverless, options) {
    this.hooks = {
      initialize: async () => {
        if (serverless.processedInput.commands.join(" ") !== "invoke local") return;
        const { environment } = serverless.service.getFunction(options.function);
        useVirtualEnvironment(serverless.serviceDir);
        useShellVariables(environment, options.stage || "local");
        useStoreBeside(options.path);
        await substitute(environment, serverless.getProvider("aws"));
      },
    };
  }
};

// osls runs the python3 of VIRTUAL_ENV, if that is set.
function useVirtualEnvironment(folder) {
  const made = join(folder, ".venv");
  if (!process.env.VIRTUAL_ENV && existsSync(made)) process.env.VIRTUAL_ENV = made;
}

function useShellVariables(environment, stage) {
  for (const name of Object.keys(environment)) {
    if (process.env[name]) delete environment[name];
  }
  if (stage === "local" && !process.env.AWS_ENDPOINT_URL) {
    // Without LocalStack the store and the index are the embedded ones.
    delete environment.PIPELINE_STORE;
    delete environment.ELASTICSEARCH_URL;
  }
}

// An event names objects: a folder `store` beside its file holds them, unless a store is configured.
function useStoreBeside(event) {
  const store = event && resolve(dirname(event), "store");
  if (store && existsSync(store) && !process.env.PIPELINE_STORE && !process.env.AWS_ENDPOINT_URL) {
    process.env.PIPELINE_STORE = `file://${store}`;
  }
}

// What CloudFormation does when it deploys.
async function substitute(environment, aws) {
  for (const [name, value] of Object.entries(environment)) {
    if (!value || !value["Fn::Sub"]) continue;
    const account = await aws.getAccountId();
    environment[name] = value["Fn::Sub"].replace("${AWS::AccountId}", account).replace("${AWS::Region}", aws.getRegion());
  }
}
