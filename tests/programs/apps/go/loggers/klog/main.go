// Logs with klog, Kubernetes' glog.
package main

import (
	"errors"

	"k8s.io/klog/v2"
)

func main() {
	klog.Info("loading model from model.joblib")
	klog.InfoS("scored", "request_id", "7f3a", "prediction", "YES")
	klog.Warning("feature AGE is missing")
	klog.ErrorS(errors.New("model not loaded"), "request failed", "request_id", "7f3b")
	klog.Error("two lines:\nthe second line")
	klog.Flush()
}
