# Jaeger on this machine, without Docker.
JAEGER_SH := infra/jaeger/server/jaeger.sh
JAEGER_DIR := .tools/jaeger

.PHONY: jaeger-up jaeger-down

jaeger-up:  ## Jaeger on http://127.0.0.1:16686, the one on PATH, or built by Go the first time (10 minutes); its data stays in .tools/jaeger
	@$(JAEGER_SH) install $(JAEGER_DIR) && $(JAEGER_SH) start-background $(JAEGER_DIR)

jaeger-down:  ## stop what jaeger-up started; the data stays
	@$(JAEGER_SH) stop $(JAEGER_DIR)
